import { expect, test } from 'vitest'
import { decodeOutput, type OutputChunk } from '../../src/logs/index.ts'

async function decode(parts: readonly [OutputChunk['stream'], number | null, Buffer][]): Promise<string[]> {
  async function* chunks() {
    for (const [sequence, [stream, position, data]] of parts.entries())
      yield { sequence, stream, position, data }
  }
  const texts: string[] = []
  for await (const { stream, position, text } of decodeOutput(chunks()))
    texts.push(`${stream} ${position} ${text}`)
  return texts
}

const euro = Buffer.from('€')

test('a character that two chunks share stays whole, with the other stream in between', async () => {
  expect(
    await decode([
      ['stdout', 0, Buffer.concat([Buffer.from('a'), euro.subarray(0, 1)])],
      ['stderr', 0, Buffer.from('warned')],
      ['stdout', 0, euro.subarray(1)],
    ]),
  ).toEqual(['stdout 0 a', 'stderr 0 warned', 'stdout 0 €'])
})

test('broken bytes are shown as such, and never join the output of another operation', async () => {
  expect(
    await decode([
      ['stdout', 0, euro.subarray(0, 2)],
      ['stdout', 1, euro.subarray(2)],
    ]),
  ).toEqual(['stdout 0 \ufffd', 'stdout 1 \ufffd'])
})
