// A module that imports nothing.
