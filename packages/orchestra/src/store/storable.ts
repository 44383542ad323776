/** Text as the database can hold it: neither NUL nor half a surrogate pair can be stored. */
export function storable(text: string | null | undefined): string | null {
  return text?.toWellFormed().replaceAll('\0', '\ufffd') ?? null
}
