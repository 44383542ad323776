import { openSites } from '../src/sequelize.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('Sequelize', { serve: 'fastify', open: openSites })
