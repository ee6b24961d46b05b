// The test program's main function. doctest's own parses the command line; ctest passes one file name at a time.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
