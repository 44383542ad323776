import type { ChannelView, DeliveryView } from '../../notify/index.ts'
import {
  type ChannelAdded,
  channelAdd,
  channelList,
  channelRemove,
  channelShow,
  channelTest,
  deliveryList,
  deliveryRepeat,
} from '../../operate/index.ts'
import { act, keyed, one, paged } from '../build.ts'

const { channel } = channelTest.input.shape
const { before } = deliveryList.input.shape
const deliveries = {
  verb: deliveryList,
  field: 'before',
  cursor: before.unwrap(),
  next: ({ id }: DeliveryView) => id,
} as const

export const channelEndpoints = [
  keyed<ChannelView>({
    path: '/channels',
    verb: channelList,
    key: ({ name }) => [name],
  }),
  act({
    path: '/channels',
    verb: channelAdd,
    status: 201,
    body: channelAdd.input.shape,
    tellsSecret: true,
    location: ({ channel: added }: ChannelAdded) => `/channels/${encodeURIComponent(added)}`,
  }),
  one({ path: '/channels/{channel}', verb: channelShow, params: { channel } }),
  act({
    path: '/channels/{channel}',
    verb: channelRemove,
    method: 'DELETE',
    params: { channel },
  }),
  act({ path: '/channels/{channel}/test', verb: channelTest, params: { channel } }),
  paged<DeliveryView>({ path: '/deliveries', ...deliveries }),
  paged<DeliveryView>({
    path: '/channels/{channel}/deliveries',
    ...deliveries,
    about: 'What one channel was told, and what it is to be, the newest first',
    params: { channel },
  }),
  act({
    path: '/deliveries/{delivery}/redeliver',
    verb: deliveryRepeat,
    params: deliveryRepeat.input.shape,
  }),
]
