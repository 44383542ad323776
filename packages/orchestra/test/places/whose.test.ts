import { describe, expect, it } from 'vitest'
import { namesFound, type Whose } from '../../src/places/index.ts'
import type { Place } from '../../src/places/place.ts'

const rival: Place = {
  object: 'b',
  server: 's1',
  generation: 1,
  want: { kind: 'leave', policy: 'remove' },
  trying: null,
  stands: null,
  names: [
    { identity: 'held', state: 'maybe', incarnation: 0 },
    { identity: 'left', state: 'left', incarnation: 0 },
  ],
  data: 'own',
  attempt: 0,
  due: 0,
  stopped: 0,
  isProtected: false,
  isForgotten: false,
  claim: 0,
}

const found = (names: readonly string[], says: Whose) => namesFound(names, { rivals: [rival] }, () => says)

describe('names that an object may have', () => {
  it('are its own where their marks say so, whoever else may have them', () => {
    expect(found(['held', 'free'], 'own')).toEqual(['held', 'free'])
  })

  it('are not where the mark is another’s, or nobody’s', () => {
    expect(found(['held', 'free'], 'other')).toEqual([])
    expect(found(['held', 'free'], 'none')).toEqual([])
  })

  it('count as another’s that may have them too where no mark tells, and else as its own', () => {
    expect(found(['held', 'left', 'free'], 'unknown')).toEqual(['left', 'free'])
  })
})
