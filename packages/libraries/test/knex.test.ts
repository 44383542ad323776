import { openSites } from '../src/knex.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('Knex', { serve: 'fastify', open: openSites })
