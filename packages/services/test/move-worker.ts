import { defineConfig } from 'orchestrajs'
import { runWorkerProgram } from '../../orchestra/test/support/worker-program.ts'
import { moveOptions } from './move-config.ts'

await runWorkerProgram(defineConfig(moveOptions))
