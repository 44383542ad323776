import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOutputParser, type ScriptEvent } from '../../src/script/index.ts'

const token = 'ab'.repeat(16)
const mark = `\x1eorchestra:${token} `

function parse(bytes: Buffer, cuts: readonly number[]): ScriptEvent[] {
  const events: ScriptEvent[] = []
  const parser = createOutputParser(token, (event) => events.push(event))
  let from = 0
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    parser.push('stdout', bytes.subarray(from, cut))
    from = cut
  }
  parser.end()
  return events
}

/** Output joined by block, so that chunks do not matter. */
function byBlock(events: readonly ScriptEvent[]): Map<unknown, string> {
  const blocks = new Map<unknown, string>()
  for (const event of events) {
    if (event.kind !== 'output') continue
    blocks.set(event.index, (blocks.get(event.index) ?? '') + Buffer.from(event.bytes).toString('hex'))
  }
  return blocks
}

const output = fc.oneof(
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 1, max: mark.length - 1 }).map((length) => Buffer.from(mark.slice(0, length))),
  fc.constant(Buffer.from('\x1eorchestra:00000000 result 0 ok 0 step changed\n')),
)

test('output comes back exactly, by block, however it is cut and whatever it holds', () => {
  const segments = fc.array(
    fc.tuple(
      fc.nat(3),
      fc.array(output, { maxLength: 4 }).map((parts) => Buffer.concat(parts)),
    ),
  )
  fc.assert(
    fc.property(segments, fc.array(fc.nat(400), { maxLength: 30 }), (parts, cuts) => {
      const expected = new Map<unknown, string>()
      for (const [index, bytes] of parts)
        if (bytes.length > 0) expected.set(index, (expected.get(index) ?? '') + bytes.toString('hex'))
      const stream = Buffer.concat(
        parts.flatMap(([index, bytes]) => [Buffer.from(`${mark}block ${index}\n`), bytes]),
      )
      expect(
        byBlock(
          parse(
            stream,
            cuts.map((cut) => Math.min(cut, stream.length)),
          ),
        ),
      ).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})

test('records are read however they are cut', () => {
  const stream = Buffer.from(
    `${mark}result 3 failed 7 check unchanged\nx${mark}reload reload.a.service ok 0\n${mark}end\n`,
  )
  for (let cut = 0; cut <= stream.length; cut++) {
    expect(parse(stream, [cut]).filter((event) => event.kind !== 'output')).toEqual([
      {
        kind: 'result',
        result: { index: 3, status: 'failed', exit: 7, reason: 'check', change: 'unchanged' },
      },
      { kind: 'reload', result: { verb: 'reload', service: 'a.service', status: 'ok', exit: 0 } },
      { kind: 'finished' },
    ])
  }
})

test('ordinary output is given out at once', () => {
  const seen: ScriptEvent[] = []
  const parser = createOutputParser(token, (event) => seen.push(event))
  parser.push('stdout', Buffer.from('progress 10%'))
  expect(seen).toHaveLength(1)
})
