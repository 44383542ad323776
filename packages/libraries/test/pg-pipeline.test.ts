import { openSites } from '../src/pg-pipeline.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('pg with a pipeline', { serve: 'fastify', open: openSites })
