import { openSites } from '../src/knex-own-pool.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('Knex with its own pool', { serve: 'express', open: openSites })
