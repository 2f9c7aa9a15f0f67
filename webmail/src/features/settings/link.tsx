import { Menu } from '@chappe/kit'
import { IconSettings } from '@chappe/kit/icons'
import { Link } from '@tanstack/react-router'
import { useSettingsLinkTexts } from './link-texts'

/** In the account menu. */
export function SettingsLink() {
  const say = useSettingsLinkTexts()
  return (
    <Menu.Item leftSection={<IconSettings size={16} />} component={Link} to="/settings">
      {say('settings')}
    </Menu.Item>
  )
}
