import { describe, expect, it } from 'vitest'
import type { Backend } from '../../src/config/backend.ts'
import { contradictionOf } from '../../src/config/convergence.ts'
import { defineConfig, type Model, sh } from '../../src/index.ts'
import { Site, siteFiles, siteFilesWith } from '../support/world.ts'

const nothing = () => undefined
const whole = { name: 'whole', model: Site, sync: nothing } as unknown as Backend
const transfer = { dump: () => sh`true`, restore: () => sh`true`, switch: () => sh`true` }

describe('a backend that contradicts itself', () => {
  it.each<[string, Partial<Backend>]>([
    ['`onMove` is "away"', { onMove: 'away' as never }],
    ['`onRename` is "copy"', { onRename: 'copy' as never }],
    ['`onDrift` is "panic"', { onDrift: 'panic' as never }],
    ['`onMove` is "migrate" without `transfer`', { onMove: 'migrate' }],
    ['`onMove` is "remove" without `delete`', { onMove: 'remove', delete: undefined as never }],
    ['`onRename` is "replace" without `delete`', { onRename: 'replace', delete: undefined as never }],
    ['`onRename` stands beside `rename`', { rename: nothing, onRename: 'keep' }],
    ['it has `rename` without `save`', { rename: nothing, save: undefined as never }],
    ['it has `prune` without `list`', { prune: nothing }],
    ['it has `read` without `list`', { read: () => sh`true` }],
    ['it has `ignore.found` without `list`', { ignore: { found: [/^x/] } }],
    ['`save` stands beside `sync`', { sync: nothing }],
  ])('is told that %s', (what, other) => {
    expect(contradictionOf({ ...siteFiles, ...other })?.what).toBe(what)
  })

  it.each(['delete', 'rename', 'transfer', 'list', 'prune', 'actions'])(
    'is told that `%s` stands beside `sync`',
    (name) => {
      expect(contradictionOf({ ...whole, [name]: nothing } as never)?.what).toBe(
        `\`${name}\` stands beside \`sync\``,
      )
    },
  )

  it.each<[string, Backend]>([
    ['files', siteFiles],
    ['a whole configuration', whole],
    ['what moves with its data', { ...siteFiles, onMove: 'migrate', transfer }],
    ['what can be found', { ...siteFiles, list: sh`ls`, read: () => sh`true`, prune: nothing }],
  ])('is not %s', (_, backend) => {
    expect(contradictionOf(backend)).toBeUndefined()
  })

  it('is refused, with what to do', () => {
    const backends = [siteFilesWith({ onMove: 'migrate' })]
    expect(() => defineConfig({ models: [Site as Model], backends })).toThrow(
      'backend `files`: `onMove` is "migrate" without `transfer`',
    )
  })
})
