import { describe, expect, it } from 'vitest'
import { decide, type Known } from '../../src/incidents/decide.ts'
import { type Failing, symptomsOf } from '../../src/incidents/symptom.ts'

const start = new Date('2026-04-12T03:00:00Z')
const after = (seconds: number) => new Date(start.getTime() + seconds * 1_000)

const failing = (other: Partial<Failing> = {}): Failing => ({
  serverId: 1,
  backend: 'nginx',
  outcome: 'failure',
  error: 'site 12: exit 3',
  object: 'site:12',
  identity: 'a.org',
  logId: 5,
  at: start,
  ...other,
})

const [symptom] = symptomsOf([failing()])
const known = (other: Partial<Known> = {}): Known => ({
  id: 7,
  key: symptom?.key ?? '',
  serverId: 1,
  backend: 'nginx',
  state: 'open',
  told: 1,
  openedAt: start,
  absentAt: null,
  endedAt: null,
  lasted: 0,
  recoveries: 0,
  isLasting: false,
  ...other,
})
const nothing = { symptoms: [], blocked: new Set<number>() }
const found = (...all: Failing[]) => ({ symptoms: symptomsOf(all), blocked: new Set<number>() })
const sites = (count: number) =>
  Array.from({ length: count }, (_, n) => failing({ object: `site:${n}`, error: `site ${n}: exit 3` }))

describe('a cause', () => {
  it('is the same for objects whose errors differ in their names and numbers alone', () => {
    const same = symptomsOf([
      failing(),
      failing({ object: 'site:13', error: 'site 13: exit 3', identity: 'b.org' }),
    ])
    expect(same).toMatchObject([{ objects: 2, samples: ['site:12', 'site:13'], logId: 5 }])
  })

  it('is another one on another server, of another backend, with another outcome or error', () => {
    const others = [{ serverId: 2 }, { backend: 'bind' }, { outcome: 'timeout' }, { error: 'no space left' }]
    expect(symptomsOf([failing(), ...others.map(failing)])).toHaveLength(5)
  })
})

describe('an incident', () => {
  it('is opened once', () => {
    expect(decide([], found(failing()), start)).toMatchObject([{ do: 'open' }])
    expect(decide([known()], found(failing()), after(5))).toMatchObject([{ do: 'see', steps: [] }])
  })

  it('escalates when it is about twice as many objects as were told of, and no few', () => {
    expect(decide([known()], found(...sites(4)), after(5))).toMatchObject([{ steps: [] }])
    expect(decide([known()], found(...sites(5)), after(5))).toMatchObject([{ steps: ['escalated'] }])
    expect(decide([known({ told: 5 })], found(...sites(9)), after(5))).toMatchObject([{ steps: [] }])
    expect(decide([known({ told: 5 })], found(...sites(10)), after(5))).toMatchObject([
      { steps: ['escalated'] },
    ])
  })

  it('lasts longer than usual after an hour, or twice what it lasted on average before, and that is told once', () => {
    const at = (seconds: number, other: Partial<Known> = {}) =>
      decide([known(other)], found(failing()), after(seconds))
    expect(at(3_600)).toMatchObject([{ steps: [] }])
    expect(at(3_601)).toMatchObject([{ steps: ['lasting'] }])
    expect(at(3_601, { isLasting: true })).toMatchObject([{ steps: [] }])
    expect(at(1_000, { lasted: 30, recoveries: 3 })).toMatchObject([{ steps: ['lasting'] }])
    expect(at(7_000, { lasted: 7_200, recoveries: 2 })).toMatchObject([{ steps: [] }])
    expect(at(7_201, { lasted: 7_200, recoveries: 2 })).toMatchObject([{ steps: ['lasting'] }])
  })

  it('recovers when it is gone for longer than there may be between two tries', () => {
    expect(decide([known()], nothing, after(60))).toEqual([{ do: 'miss', id: 7 }])
    const absent = known({ absentAt: after(60) })
    expect(decide([absent], nothing, after(79))).toEqual([{ do: 'miss', id: 7 }])
    expect(decide([absent], nothing, after(80))).toEqual([{ do: 'recover', id: 7, seconds: 60 }])
    expect(decide([absent], found(failing()), after(80))).toMatchObject([{ do: 'see' }])
  })

  it('regresses when it is there again', () => {
    const recovered = known({ state: 'recovered', endedAt: after(10) })
    expect(decide([recovered], found(failing()), after(60))).toMatchObject([{ do: 'reopen', id: 7 }])
  })

  it('that somebody resolved regresses when it was tried since, not for what he knew of', () => {
    const resolved = known({ state: 'resolved', endedAt: after(10) })
    expect(decide([resolved], found(failing({ at: after(9) })), after(60))).toEqual([])
    expect(decide([resolved], found(failing({ at: after(11) })), after(60))).toMatchObject([{ do: 'reopen' }])
  })

  it('of a backend is neither opened nor over while its server is blocked', () => {
    const blocked = { symptoms: [], blocked: new Set([1]) }
    expect(decide([known({ absentAt: start })], blocked, after(600))).toEqual([])
    const other = known({ serverId: 2, absentAt: start })
    expect(decide([other], blocked, after(600))).toMatchObject([{ do: 'recover' }])
  })
})
