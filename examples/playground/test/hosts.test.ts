import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { HostIndex } from '../hosts.ts'
import { scratchDirectory } from './start.ts'

let scratch: Awaited<ReturnType<typeof scratchDirectory>>
let index: HostIndex

beforeEach(async () => {
  scratch = await scratchDirectory()
  index = new HostIndex(scratch.directory)
})

afterEach(() => scratch.remove())

const put = async (id: number, ...domains: string[]) => {
  await mkdir(join(scratch.directory, 'hosts'), { recursive: true })
  await writeFile(join(scratch.directory, 'hosts', String(id)), `${domains.join('\n')}\n`)
}
const found = async (host: string) => (await index.find(host))?.id

it('finds nothing where no site was ever placed', async () => {
  expect(await found('a.example')).toBeUndefined()
  expect(await index.list()).toEqual([])
})

it('finds a site by its domain and by its aliases', async () => {
  await put(1, 'a.example', 'www.a.example')
  expect([await found('a.example'), await found('www.a.example')]).toEqual(['1', '1'])
})

it('forgets a domain at once when its site has another, and when the site is gone', async () => {
  await put(1, 'a.example')
  expect(await found('a.example')).toBe('1')
  await put(1, 'b.example')
  expect([await found('a.example'), await found('b.example')]).toEqual([undefined, '1'])
  await rm(join(scratch.directory, 'hosts/1'))
  expect(await found('b.example')).toBeUndefined()
})

it('prefers the domain of one site to the alias of another', async () => {
  await put(1, 'a.example', 'b.example')
  expect(await found('b.example')).toBe('1')
  await put(2, 'b.example')
  expect(await found('b.example')).toBe('2')
})

it('finds sites among many', async () => {
  for (let id = 1; id <= 300; id++) await put(id, `s${id}.example`)
  expect(await found('s300.example')).toBe('300')
  expect(await index.list()).toHaveLength(300)
})
