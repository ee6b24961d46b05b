// Where the probe begins. It is linked as a shared object, because the cross compiler links programs for musl statically,
// and a static program loads nothing; musl's loader runs a shared object as well, if it says where to begin.
int main(int count, char** arguments);
int __libc_start_main(int (*program)(int, char**), int count, char** arguments, void (*)(void), void (*)(void), void (*)(void));

__attribute__((used)) void probe_begin(long* stack) {
  __libc_start_main(main, (int)stack[0], (char**)(stack + 1), 0, 0, 0);
}

#if defined(__x86_64__)
__asm__(".global probe_entry\nprobe_entry:\n xor %rbp, %rbp\n mov %rsp, %rdi\n and $-16, %rsp\n call probe_begin\n");
#else
__asm__(".global probe_entry\nprobe_entry:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n and sp, x0, #-16\n b probe_begin\n");
#endif
