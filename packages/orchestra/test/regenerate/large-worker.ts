import { runWorkerProgram } from '../support/worker-program.ts'
import { largeConfig } from './large-config.ts'

await runWorkerProgram(largeConfig)
