import 'reflect-metadata'
import {
  Body,
  Controller,
  Delete,
  HttpCode,
  Inject,
  Module,
  Param,
  ParseIntPipe,
  Patch,
  Post,
  Put,
  Res,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm'
import type { Request, Response } from 'express'
import { Orchestra } from 'orchestrajs'
import pg from 'pg'
import type { DataSource } from 'typeorm'
import type { Served } from './express.ts'
import { createPlanned, createSettled, type RouteAnswer, upgrade } from './routes.ts'
import type { NewSite, Sites } from './sites.ts'
import { entities, typeormSites } from './typeorm.ts'

const SITES = Symbol('sites')

@Controller()
class SitesController {
  readonly #sites: Sites
  readonly #orchestra: Orchestra

  constructor(@Inject(SITES) sites: Sites, @Inject(Orchestra) orchestra: Orchestra) {
    this.#sites = sites
    this.#orchestra = orchestra
  }

  @Post('sites')
  async create(@Body() site: NewSite) {
    return { ids: [await this.#sites.create(site)] }
  }

  @Put('sites/:id')
  async update(@Param('id', ParseIntPipe) id: number, @Body('plan') plan: string) {
    await this.#sites.update(id, plan)
    return { ids: [] }
  }

  @Delete('sites/:id')
  async remove(@Param('id', ParseIntPipe) id: number) {
    await this.#sites.remove(id)
    return { ids: [] }
  }

  @Post('labelled')
  async createLabelled(@Body('site') site: NewSite, @Body('labels') labels: string[]) {
    return { ids: [await this.#sites.createLabelled(site, labels)] }
  }

  @Post('upgrades/:id')
  async upgrade(@Param('id', ParseIntPipe) id: number, @Res({ passthrough: true }) response: Response) {
    return send(response, await upgrade(this.#sites, id))
  }

  @Post('imports')
  async importEach(@Body('sites') sites: NewSite[]) {
    return { ids: await this.#sites.importEach(sites) }
  }

  @Post('many')
  async createAll(@Body('sites') sites: NewSite[]) {
    return { ids: await this.#sites.createAll(sites) }
  }

  @Patch('many')
  async updateAll(@Body('ids') ids: number[], @Body('plan') plan: string) {
    await this.#sites.updateAll(ids, plan)
    return { ids: [] }
  }

  @Put('domains')
  @HttpCode(201)
  async put(@Body() site: NewSite) {
    return { ids: [await this.#sites.put(site)] }
  }

  @Put('sites/:id/labels')
  async label(@Param('id', ParseIntPipe) id: number, @Body('labelIds') labelIds: number[]) {
    await this.#sites.label(id, labelIds)
    return { ids: [] }
  }

  @Post('planned')
  async createPlanned(@Body() site: NewSite, @Res({ passthrough: true }) response: Response) {
    return send(response, await createPlanned(this.#sites, site))
  }

  @Post('settled')
  async createSettled(@Body() site: NewSite, @Res({ passthrough: true }) response: Response) {
    return send(response, await createSettled(this.#orchestra, this.#sites, site))
  }
}

function send(response: Response, { status, body }: RouteAnswer): RouteAnswer['body'] {
  response.status(status)
  return body
}

@Module({})
class SitesModule {
  static over(orchestra: Orchestra, url: string) {
    return {
      module: SitesModule,
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          driver: orchestra.driver(pg),
          url,
          poolSize: 5,
          entities,
        }),
      ],
      controllers: [SitesController],
      providers: [
        { provide: Orchestra, useValue: orchestra },
        {
          provide: SITES,
          useFactory: (source: DataSource) => typeormSites(orchestra, source),
          inject: [getDataSourceToken()],
        },
      ],
    }
  }
}

/** The application, and how it is served. */
export interface NestSites extends Sites {
  listen(): Promise<Served>
}

export async function openSites(orchestra: Orchestra, url: string): Promise<NestSites> {
  const app = await NestFactory.create<NestExpressApplication>(SitesModule.over(orchestra, url), {
    forceCloseConnections: true,
    logger: ['error'],
  })
  app.useBodyParser('json', { limit: '1mb' })
  app.use(orchestra.express({ actor: (request: Request) => request.get('x-user') }))
  const listen = async () => {
    await app.listen(0, '127.0.0.1')
    return { url: await app.getUrl(), close: () => app.close() }
  }
  return { ...app.get<Sites>(SITES), listen, close: async () => {} }
}
