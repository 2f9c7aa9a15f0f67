import { Menu } from '@chappe/kit'
import { IconInfoCircle } from '@chappe/kit/icons'
import { Link } from '@tanstack/react-router'
import { useHelpTexts } from './link-texts'

/** In the account menu. */
export function HelpLink() {
  const say = useHelpTexts()
  return (
    <Menu.Item leftSection={<IconInfoCircle size={16} />} component={Link} to="/help">
      {say('help')}
    </Menu.Item>
  )
}
