/**
 * SQL for whether the operation `alias` tells what became of something that a unit asked for: it was made for the unit, or for another
 * and had not begun when the unit asked.
 * @param unit an expression for the unit's id
 */
export function isOfUnit(alias: string, unit: string): string {
  return `(${alias}.unit_id = ${unit}
    or ${alias}.id = any((select carrying.carried from orchestra.unit carrying where carrying.id = ${unit})::bigint[]))`
}

/** SQL for the unit whose state of the object the operation `alias` carries. */
export function latestUnit(alias: string): string {
  return `coalesce(${alias}.latest_unit_id, ${alias}.unit_id)`
}
