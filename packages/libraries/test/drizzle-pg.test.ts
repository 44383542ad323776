import { openSites } from '../src/drizzle-pg.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('Drizzle on node-postgres', { serve: 'fastify', open: openSites })
