import fc from 'fast-check'
import { seed } from './seed.ts'

/** Vitest runs this before each file: every property begins with the same seed. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
