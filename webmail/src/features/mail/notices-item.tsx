import { Menu, tellTrouble } from '@chappe/kit'
import { IconCheck } from '@chappe/kit/icons'
import { choose, useChoices } from './choices'
import { useListTexts } from './list-texts'

/** Turns notices on the desktop on, where the browser allows them. */
export function NoticesItem() {
  const say = useListTexts()
  const { notices } = useChoices()
  if (!('Notification' in window)) return null
  const isOn = notices && Notification.permission === 'granted'
  const toggle = async () => {
    if (isOn) return choose({ notices: false })
    const answer = await Notification.requestPermission()
    if (answer === 'granted') choose({ notices: true })
    else tellTrouble(say('notices'), say('noticesBlocked'))
  }
  return (
    <Menu.Item leftSection={<IconCheck size={15} visibility={isOn ? 'visible' : 'hidden'} />} onClick={() => void toggle()}>
      {say('notices')}
    </Menu.Item>
  )
}
