// Stands for the code of each case that is checked with types: the parser is given other text under this file's name.
export {};
