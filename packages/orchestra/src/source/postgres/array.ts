/**
 * Reads what Postgres writes for an array, in its dimensions. The driver's own reader knows commas only and passes through what
 * types it does not know.
 */
export function parseArray(text: string, delimiter: string, element: (text: string) => unknown): unknown {
  // `[2:3]={7,8}`: where the first element has another number than 1.
  const start = text.startsWith('[') ? text.indexOf('=') + 1 : 0
  if (text[start] !== '{') return text
  return new ArrayReader(text, start, delimiter, element).list()
}

class ArrayReader {
  readonly #text: string
  readonly #delimiter: string
  readonly #element: (text: string) => unknown
  #at: number

  constructor(text: string, start: number, delimiter: string, element: (text: string) => unknown) {
    this.#text = text
    this.#at = start
    this.#delimiter = delimiter
    this.#element = element
  }

  list(): unknown[] {
    const items: unknown[] = []
    this.#at++
    while (this.#at < this.#text.length && this.#text[this.#at] !== '}') {
      if (this.#text[this.#at] === this.#delimiter) this.#at++
      else items.push(this.#item())
    }
    this.#at++
    return items
  }

  #item(): unknown {
    const first = this.#text[this.#at]
    if (first === '{') return this.list()
    if (first === '"') return this.#element(this.#quoted())
    const plain = this.#plain()
    return plain.toUpperCase() === 'NULL' ? null : this.#element(plain)
  }

  #quoted(): string {
    let value = ''
    for (this.#at++; this.#at < this.#text.length && this.#text[this.#at] !== '"'; this.#at++) {
      if (this.#text[this.#at] === '\\') this.#at++
      value += this.#text[this.#at]
    }
    this.#at++
    return value
  }

  #plain(): string {
    const start = this.#at
    while (this.#at < this.#text.length && !this.#endsItem(this.#text[this.#at])) this.#at++
    return this.#text.slice(start, this.#at)
  }

  #endsItem(character: string | undefined): boolean {
    return character === this.#delimiter || character === '}'
  }
}
