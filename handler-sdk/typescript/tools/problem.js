// What is wrong with a package, for its author. Printed without a stack.

export class Problem extends Error {}
