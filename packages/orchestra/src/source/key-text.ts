/**
 * The text of a key's column. Of types outside of `pg_catalog` without their cast to text, which the application may define: what
 * `concat` calls is the type's own output function.
 */
export function keyText(column: string, isCatalogType: boolean): string {
  return isCatalogType ? `${column}::pg_catalog.text` : `pg_catalog.concat(${column})`
}
