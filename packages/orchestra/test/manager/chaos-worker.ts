import { runWorkerProgram } from '../support/worker-program.ts'
import { chaosConfig } from './chaos-config.ts'

await runWorkerProgram(chaosConfig)
