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
  return { output: Buffer.concat(output), groups }
}

it('finds its own line alone, once, wherever the bytes are cut, and gives out what follows', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), bytes, cuts, (greeting, group, rest, sizes) => {
      const own = Buffer.from(`orchestra-pgid ${group} # end a.b-c\n`)
      const all = Buffer.concat([greeting, own, rest, own])
      const sifted = siftAll(new GroupLine('a.b-c'), all, sizes)
      expect(sifted.groups).toEqual([group])
      expect(sifted.output.equals(Buffer.concat([rest, own]))).toBe(true)
    }),
  )
})

it('gives out nothing where its line does not come', () => {
  fc.assert(
    fc.property(bytes, cuts, (before, sizes) => {
      for (const like of [
        'orchestra-pgid 5 # end aXb-c\n',
        'orchestra-pgid x # end a.b-c\n',
        'orchestra-pgid 5 # end a.b-c',
        `orchestra-pgid ${'5'.repeat(1000)} # end a.b-c\n`,
      ]) {
        const all = Buffer.concat([before, Buffer.from(like)])
        expect(siftAll(new GroupLine('a.b-c'), all, sizes)).toEqual({ output: Buffer.alloc(0), groups: [] })
      }
    }),
  )
})

it('finds its line behind any number of megabytes', () => {
  const line = new GroupLine('r')
  const greeting = Buffer.alloc(65_536, 'orchestra-pgid 1')
  for (let count = 0; count < 160; count++) expect(line.sift(greeting).output).toHaveLength(0)
  expect(line.sift(Buffer.from('\norchestra-pgid 5 # end r\nout'))).toMatchObject({
    group: 5,
    output: Buffer.from('out'),
  })
})
