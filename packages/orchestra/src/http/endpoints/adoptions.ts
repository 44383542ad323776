import { adoptionSurvey, adoptionTake } from '../../operate/index.ts'
import { act } from '../build.ts'

export const adoptionEndpoints = [
  act({
    path: '/adoptions/survey',
    verb: adoptionSurvey,
    body: adoptionSurvey.input.shape,
  }),
  act({
    path: '/adoptions',
    verb: adoptionTake,
    body: adoptionTake.input.shape,
    asks: true,
  }),
]
