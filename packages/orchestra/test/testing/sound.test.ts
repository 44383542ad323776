import { test } from 'vitest'
import { describeBackend } from '../../src/testing/index.ts'
import { fixtures, notes } from './note.ts'

describeBackend(test, { backend: notes(), fixtures })
