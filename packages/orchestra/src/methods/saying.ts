/** What a server says, as a text that a message can hold: no NUL, no more than so many characters of its end. */
export function saying(bytes: Uint8Array, most = 2000): string {
  const text = Buffer.from(bytes).toString('utf8').replaceAll('\0', '').trim()
  return text.slice(-most).toWellFormed()
}
