/** As the command prints it: what is too large for a number is a text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one))
}
