# Builds build/Release/readyloop.node with node-gyp. The list of sources is native/sources.json, which
# CMakeLists.txt reads as well, so that the two builders cannot drift apart.
{
  "variables": {
    "list_sources": "const lists = require('./native/sources.json'); const names = process.argv.slice(1); names.flatMap((name) => lists[name]).map((file) => 'native/' + file).join(' ')",
  },
  "targets": [
    {
      "target_name": "readyloop",
      "sources": ["<!@(node -p \"<(list_sources)\" portable addon)"],
      "include_dirs": ["native"],
      "defines": ["NAPI_VERSION=8", "NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED"],
      # node-gyp brings the language level and -O3 of whichever Node it builds for; ours are fixed, so that one
      # source gives one binary.
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fno-rtti"],
      "cflags!": ["-Wno-unused-parameter"],
      "cflags": [
        "-Wall",
        "-Wextra",
        "-Wno-missing-field-initializers",
        "-fvisibility=hidden",
        "-fvisibility-inlines-hidden",
        "-fno-plt",
        "-ffunction-sections",
        "-fdata-sections",
      ],
      "configurations": {"Release": {"cflags!": ["-O3"], "cflags": ["-O2"]}},
      "conditions": [
        [
          "OS=='linux'",
          {
            "sources": ["<!@(node -p \"<(list_sources)\" linux)"],
            # The C++ runtime is linked in: the oldest glibc that we support comes with an older libstdc++ than the
            # compiler's.
            "ldflags": [
              "-static-libstdc++",
              "-static-libgcc",
              "-Wl,--exclude-libs,ALL",
              "-Wl,--gc-sections",
              "-Wl,--version-script=<(module_root_dir)/native/addon/exports.map",
              "-Wl,-z,relro",
              "-Wl,-z,now",
            ],
            # For dlsym: part of the C library from glibc 2.34 on.
            "libraries": ["-ldl"],
          },
        ],
        [
          "OS=='mac'",
          {
            "sources": ["<!@(node -p \"<(list_sources)\" darwin)"],
            "xcode_settings": {
              "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
              "CLANG_CXX_LIBRARY": "libc++",
              "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
              "GCC_ENABLE_CPP_RTTI": "NO",
              "GCC_OPTIMIZATION_LEVEL": "2",
              "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
              "MACOSX_DEPLOYMENT_TARGET": "11.0",
              "OTHER_CFLAGS": ["-fvisibility=hidden", "-Wall", "-Wextra"],
            },
          },
        ],
      ],
    },
  ],
}
