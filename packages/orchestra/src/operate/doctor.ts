import { z } from 'zod'
import { type Diagnosis, examine } from '../doctor/index.ts'
import type { Ground } from './context.ts'
import { reading } from './verb.ts'

export const doctorExamine = reading({
  name: 'doctor.examine',
  about: 'Checks configuration, store, key, capture, servers, routes and worker; says what to do',
  needs: 'configuration',
  answers: 'soon',
  input: z.strictObject({}),
  run: ({ load, environment }: Ground): Promise<Diagnosis[]> => examine({ load, environment }),
})
