import { Menu } from '@chappe/kit'
import { IconCalendarTime } from '@chappe/kit/icons'
import { wish } from './plug'
import { useComposeTexts } from './texts'

/** In the account's menu. */
export default function ScheduledLink() {
  const say = useComposeTexts()
  return (
    <Menu.Item leftSection={<IconCalendarTime size={16} />} onClick={() => wish({ kind: 'scheduled' })}>
      {say('scheduled')}
    </Menu.Item>
  )
}
