import fc from 'fast-check'
import { expect, it } from 'vitest'
import { GroupLine } from '../../src/methods/group-line.ts'

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 })

function siftAll(line: GroupLine, all: Buffer, sizes: readonly number[]) {
  const output: Uint8Array[] = []
  const groups: number[] = []
  for (let at = 0, index = 0; at < all.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    const sifted = line.sift(all.subarray(at, at + size))
    output.push(sifted.output)
    if (sifted.group !== null) groups.push(sifted.group)
    at += size
  }
  output.push(line.rest())
  return { output: Buffer.concat(output), groups }
}

it('takes out its own line alone, once, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), bytes, cuts, (greeting, group, rest, sizes) => {
      const own = Buffer.from(`orchestra-pgid ${group} # end a.b-c\n`)
      const all = Buffer.concat([greeting, own, rest, own])
      const sifted = siftAll(new GroupLine('a.b-c'), all, sizes)
      expect(sifted.groups).toEqual([group])
      expect(sifted.output.equals(Buffer.concat([greeting, rest, own]))).toBe(true)
    }),
  )
})

it('passes on everything where its line does not come', () => {
  fc.assert(
    fc.property(bytes, cuts, (before, sizes) => {
      for (const like of [
        'orchestra-pgid 5 # end aXb-c\n',
        'orchestra-pgid x # end a.b-c\n',
        'orchestra-pgid 5 # end a.b-c',
      ]) {
        const all = Buffer.concat([before, Buffer.from(like)])
        const sifted = siftAll(new GroupLine('a.b-c'), all, sizes)
        expect(sifted).toEqual({ output: all, groups: [] })
      }
    }),
  )
})

it('stops waiting for its line when a login prints too much', () => {
  const line = new GroupLine('r')
  const greeting = Buffer.alloc(70_000, 'x')
  expect(line.sift(greeting).output).toHaveLength(70_000)
  expect(line.sift(Buffer.from('orchestra-pgid 5 # end r\n'))).toMatchObject({ group: null })
})
