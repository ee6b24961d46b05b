// What every compiler's own start files do, and the cross compiler's do not: when the binary is unloaded, run what it has
// registered for its end. Node unloads it with the last worker that uses it; at the end of the process the system would
// call into memory that is gone. (examples/worker.mjs would die of it.)
extern "C" {

extern void* __dso_handle __attribute__((visibility("hidden")));
void __cxa_finalize(void* object);

__attribute__((destructor)) static void finalize() { __cxa_finalize(&__dso_handle); }

}  // extern "C"
