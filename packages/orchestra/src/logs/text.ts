import type { OutputChunk, OutputStream } from './output.ts'

export interface OutputText {
  stream: OutputStream
  position: number | null
  text: string
}

/** Chunks as text for people: a character that two chunks share stays whole, broken bytes become U+FFFD. */
export async function* decodeOutput(
  chunks: AsyncIterable<OutputChunk>,
): AsyncGenerator<OutputText, void, undefined> {
  const open = new Map<OutputStream, { position: number | null; decoder: TextDecoder }>()
  for await (const { stream, position, data } of chunks) {
    const last = open.get(stream)
    if (last !== undefined && last.position !== position) yield* rest(stream, last)
    const current = last?.position === position ? last : { position, decoder: new TextDecoder() }
    open.set(stream, current)
    const text = current.decoder.decode(data, { stream: true })
    if (text !== '') yield { stream, position, text }
  }
  for (const [stream, last] of open) yield* rest(stream, last)
}

function* rest(
  stream: OutputStream,
  last: { position: number | null; decoder: TextDecoder },
): Generator<OutputText> {
  const text = last.decoder.decode()
  if (text !== '') yield { stream, position: last.position, text }
}
