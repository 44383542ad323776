import { openSites } from '../src/postgres-js.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('postgres.js', { serve: 'fastify', open: openSites })
