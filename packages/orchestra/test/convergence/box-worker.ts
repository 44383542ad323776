import { defineConfig } from '../../src/index.ts'
import { runWorkerProgram } from '../support/worker-program.ts'
import { boxOptions } from './boxes.ts'

await runWorkerProgram(defineConfig(boxOptions))
