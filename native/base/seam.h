// The name under which a table of real system calls is defined. In a program it is the table's own, and nothing else is
// there. In a build with READYLOOP_FAULTS (tests only: CMakeLists.txt, test/native/faults) it is another one, and the
// table of that name holds calls that fail by seed before they come here. So the code above the tables is the same in
// both builds, and the one that ships has no trace of faults.
#pragma once

#ifdef READYLOOP_FAULTS
#define READYLOOP_REAL(table) table##Real
#else
#define READYLOOP_REAL(table) table
#endif
