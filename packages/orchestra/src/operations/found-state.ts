/**
 * SQL for the state of an operation that is found by its id or its object. Spelt so that it does not match the index of open
 * operations: on a table without statistics the planner takes that for tiny, and looks through all of them for each row.
 */
export function foundState(alias: string): string {
  return `(${alias}.state || '')`
}
