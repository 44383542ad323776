import { describe, expect, it } from 'vitest'
import { type Decision, type Destinations, decide, type Loaded } from '../../src/collector/index.ts'
import type { Backend } from '../../src/index.ts'
import { placedAs } from '../support/placed.ts'
import { siteFiles } from '../support/world.ts'

const object = { id: 1, domain: 'a.org', body: '', plan: 'basic' }
const placedHere = placedAs()

const states: Record<string, Loaded> = {
  present: { kind: 'present', object },
  gone: { kind: 'gone' },
  invalid: { kind: 'invalid', reason: 'domain: too short' },
  failed: { kind: 'failed', reason: 'no luck' },
}
const routings: Record<string, Destinations> = {
  nowhere: { serverIds: [], heldServerIds: [], errors: [] },
  'to 1 and 2, held to 3': { serverIds: [1, 2], heldServerIds: [3], errors: [] },
  'to 1, one broken': { serverIds: [1], heldServerIds: [], errors: ['route 7 breaks'] },
}
const backends: Record<string, readonly Backend[]> = {
  files: [siteFiles],
  'files without delete': [{ ...siteFiles, delete: undefined } as Backend],
  none: [],
}

const describeDecision = ({ action, backend, serverId, identity, fate }: Decision) => {
  const reason = 'reason' in fate ? `: ${fate.reason}` : ''
  return `${action} by ${backend} on ${serverId} as ${identity} is ${fate.kind}${reason}`
}

describe('a decision', () => {
  const cases = ['save', 'delete', 'touch', 'dance'].flatMap((action) =>
    Object.keys(states).flatMap((state) =>
      Object.keys(state === 'present' ? routings : { nowhere: true }).flatMap((routing) =>
        Object.keys(backends).flatMap((backend) =>
          (state === 'gone' ? [[], [placedHere]] : [[]]).map((placed) => ({
            action,
            state,
            routing,
            backend,
            placed,
          })),
        ),
      ),
    ),
  )

  it('is the same as ever in each of its cases', () => {
    const table = cases.map(({ action, state, routing, backend, placed }) => {
      const decisions = decide(
        { model: 'site', key: ['1'], action, payload: null, unitIds: ['u'], scope: null },
        states[state] as Loaded,
        {
          backendsOf: () => backends[backend] as Backend[],
          route: () => routings[routing] as Destinations,
          placed: () => placed,
          protection: () => null,
        },
      )
      const stands = placed.length > 0 ? ', placed on 1' : ''
      const title = `${action}, ${state}${stands}, routes ${routing}, backends: ${backend}`
      return [title, ...decisions.map((one) => `  ${describeDecision(one)}`)].join('\n')
    })
    expect(table.join('\n')).toMatchSnapshot()
  })

  it('about one server takes along what brings data there from another', () => {
    const movable = { ...siteFiles, onMove: 'migrate' as const }
    const decisions = decide(
      {
        model: 'site',
        key: ['1'],
        action: 'save',
        payload: null,
        unitIds: ['u'],
        scope: { backend: 'files', serverId: 2 },
      },
      { kind: 'present', object },
      {
        backendsOf: () => [movable],
        route: () => ({ serverIds: [2], heldServerIds: [], errors: [] }),
        placed: () => [placedHere],
        protection: () => null,
      },
    )
    expect(decisions).toMatchObject([
      { action: 'save', serverId: 2 },
      { action: 'delete', serverId: 1, leave: 'migrate' },
    ])
  })

  it('takes what stands for the snapshot of a delete', () => {
    const [decision] = decide(
      { model: 'site', key: ['1'], action: 'save', payload: null, unitIds: ['u'], scope: null },
      { kind: 'gone' },
      {
        backendsOf: () => [siteFiles],
        route: () => routings.nowhere as Destinations,
        placed: () => [placedHere],
        protection: () => null,
      },
    )
    expect(decision).toMatchObject({
      action: 'delete',
      snapshot: { domain: 'a.org' },
      fate: { kind: 'waiting' },
    })
  })

  it.each(['', 7, undefined, 'a\0b'])('fails an object whose identity is %j', (identity) => {
    const decisions = decide(
      { model: 'site', key: ['1'], action: 'save', payload: null, unitIds: ['u'], scope: null },
      { kind: 'present', object },
      {
        backendsOf: () => [{ ...siteFiles, identity: () => identity as string }],
        route: () => routings['to 1 and 2, held to 3'] as Destinations,
        placed: () => [],
        protection: () => null,
      },
    )
    expect(decisions.map(describeDecision)).toEqual([
      'save by files on null as null is failed: Backend "files": its identity is no usable text',
    ])
  })
})
