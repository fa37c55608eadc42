// The shared library is made of the rooms' archives; CMake wants a source of its own.
