import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verdictOf } from '../../src/methods/verdict.ts'
import { renderAbsorb, renderEmit, renderPut, secret, sh } from '../../src/script/index.ts'
import { Conduit } from '../../src/transfer/conduit.ts'
import { Framer, MarkedOutput, MarkSearch } from '../../src/transfer/frames.ts'
import { troubleOf } from '../../src/transfer/trouble.ts'
import { differenceOf, EmittedText } from '../../src/transfer/verify.ts'

const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 30 })
const mark = Buffer.from('0123456789abcdef')
const one = { transferId: 7, attempt: 2, side: 'from', runId: 'run-1' } as const

/** What the receiving end makes of frames; null where they break off. */
function unframe(framed: Buffer): Buffer | null {
  const data: Buffer[] = []
  for (let at = 0; ; ) {
    const end = framed.indexOf('\n', at)
    if (end === -1) return null
    const line = framed.toString('latin1', at, end)
    if (line === 'end') return Buffer.concat(data)
    data.push(framed.subarray(end + 1, end + 1 + Number(line)))
    at = end + 1 + Number(line)
  }
}

describe('frames', () => {
  it('give back what was put in', () => {
    fc.assert(
      fc.property(pieces, (input) => {
        const framer = new Framer()
        const framed = Buffer.concat([...input.flatMap((piece) => framer.push(piece)), ...framer.end()])
        expect(unframe(framed)).toEqual(Buffer.concat(input))
      }),
    )
  })

  it('are never whole when they broke off', () => {
    fc.assert(
      fc.property(pieces, fc.nat(), (input, cut) => {
        const framer = new Framer()
        const framed = Buffer.concat([...input.flatMap((piece) => framer.push(piece)), ...framer.end()])
        expect(unframe(framed.subarray(0, cut % framed.length))).toBeNull()
      }),
    )
  })

  it('are sent on before they grow large', () => {
    const framer = new Framer()
    const piece = Buffer.alloc(100_000)
    const sent = Array.from({ length: 100 }, () => framer.push(piece)).flat()
    expect(Buffer.concat(sent).length).toBeGreaterThan(8_000_000)
  })
})

describe('a marked output', () => {
  it('is whole, without its mark, however it was cut', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 40 }), (input, size) => {
        const all = Buffer.concat([...input, mark])
        const output = new MarkedOutput(mark)
        const passed: Uint8Array[] = []
        for (let at = 0; at < all.length; at += size) passed.push(...output.push(all.subarray(at, at + size)))
        expect(Buffer.concat(passed)).toEqual(Buffer.concat(input))
        expect(output.isWhole).toBe(true)
      }),
    )
  })

  it('is not whole without all of its mark', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(mark.length - 1), (data, kept) => {
        const output = new MarkedOutput(mark)
        output.push(Buffer.concat([data, mark.subarray(0, kept)]))
        expect(output.isWhole).toBe(false)
      }),
    )
  })
})

describe('a conduit', () => {
  it('asks to wait until the other end has taken what it has, and no longer once it is gone', async () => {
    const conduit = new Conduit(() => undefined)
    expect(conduit.put([Buffer.alloc(10)])).toBeUndefined()
    const waiting = conduit.put([Buffer.alloc(1024 * 1024)])
    expect(waiting).toBeInstanceOf(Promise)
    conduit.resume()
    await waiting
    conduit.pause()
    const stuck = conduit.put([Buffer.alloc(1024 * 1024)])
    conduit.destroy()
    await stuck
    expect(conduit.put([Buffer.alloc(1024 * 1024)])).toBeUndefined()
  })
})

it('a frame is one buffer, however small the pieces are that a server sends', () => {
  const framer = new Framer()
  const sent = Array.from({ length: 2_500_000 }, () => framer.push(Buffer.from('x'))).flat()
  expect(sent.map((piece) => piece.length)).toEqual([8, 1_048_576, 8, 1_048_576])
})

it('a mark is found wherever it is cut', () => {
  for (let cut = 0; cut <= 8; cut++) {
    const search = new MarkSearch(Buffer.from('mark'))
    for (const piece of ['..mark..'.slice(0, cut), '..mark..'.slice(cut)]) search.push(Buffer.from(piece))
    expect(search.isFound).toBe(true)
  }
  const other = new MarkSearch(Buffer.from('mark'))
  for (const piece of ['mar', 'Mark', 'ma', 'rm', 'ar']) other.push(Buffer.from(piece))
  expect(other.isFound).toBe(false)
})

describe('the scripts of a transfer', () => {
  const command = sh`dump ${secret('canary', 'password')}`

  it('show secrets by name and hold them all the same', () => {
    for (const script of [
      renderEmit(one, command),
      renderAbsorb(one, command, { bytes: 1, free: 1 }),
      renderPut(one, command, 60),
    ]) {
      expect(script.text).toContain('canary')
      expect(script.masked).not.toContain('canary')
      expect(script.masked).toContain('«secret:password»')
      expect(script.secrets.map((known) => known.name)).toEqual(['password'])
    }
  })

  it('end outputs with a mark that nobody can guess or read in a log', () => {
    const [first, second] = [renderEmit(one, command), renderEmit(one, command)]
    expect(first.mark).not.toEqual(second.mark)
    expect(first.masked).not.toContain(first.mark.toString())
  })
})

describe('verify', () => {
  const servers = { from: { name: 'old' }, to: { name: 'new' } } as Parameters<typeof differenceOf>[2]

  function printed(text: string, whole = true): EmittedText {
    const script = renderEmit(one, sh`dump ${secret('canary', 'password')}`)
    const emitted = new EmittedText(script)
    emitted.push(Buffer.concat([Buffer.from(text), whole ? script.mark : Buffer.alloc(0)]))
    return emitted
  }

  it('finds no difference between equal outputs, however large', () => {
    const text = 'line\n'.repeat(100_000)
    expect(differenceOf(printed(text), printed(text), servers)).toBeNull()
  })

  it('names the first line that differs, secrets by name', () => {
    expect(differenceOf(printed('a\nb canary\nc\n'), printed('a\nx\nc\n'), servers)).toBe(
      'the restored data is not the same: line 2 of verify is "b «secret:password»" on old and "x" on new',
    )
  })

  it('finds a difference past what it shows', () => {
    const text = 'line\n'.repeat(100_000)
    expect(differenceOf(printed(`${text}a`), printed(`${text}b`), servers)).toContain('not the same')
  })

  it('takes no output for equal that broke off', () => {
    expect(differenceOf(printed('a'), printed('a', false), servers)).toContain('broke off')
  })
})

describe('the end of a script', () => {
  it('is success only with status 0', () => {
    fc.assert(
      fc.property(fc.option(fc.integer({ min: 0, max: 255 })), (code) => {
        const verdict = verdictOf({ kind: 'exited', code, signal: null })
        const trouble = troubleOf('dump on old', { verdict, exit: code, answer: null, said: '' })
        expect(trouble === null).toBe(code === 0)
      }),
    )
  })
})
