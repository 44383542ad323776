import { runWorkerProgram } from '../support/worker-program.ts'
import { tallyConfig } from './tally-config.ts'

await runWorkerProgram(tallyConfig)
