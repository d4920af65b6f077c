"""maxsites becomes 100 because somebody wants it, and never by a slip of the pen."""

from collections.abc import Callable

from tests.kit import Mesh, Site, available_versions

SETUP = "create table item (id bigserial primary key)"
NEXT = "select nextval('item_id_seq')"
KNOWN = "select maxsites from bondreplicate.replicate_state"


def two_sites(new_mesh: Callable[..., Mesh], *, start: bool) -> tuple[Site, Site]:
    mesh = new_mesh([available_versions()[-1]] * 2, SETUP, start=start)
    return mesh[1], mesh[2]


def configure(site: Site, maxsites: int) -> None:
    site.write_conf(dsn=site.dsn, site=site.number, maxsites=maxsites)


def test_a_mistyped_maxsites_changes_nothing(new_mesh: Callable[..., Mesh]) -> None:
    one, _ = two_sites(new_mesh, start=True)
    one.stop_daemon()
    configure(one, 100)
    for command in ([], ["init"]):
        said = one.cli(*command, check=5).stderr
        assert "error: maxsites was 10 here, the configuration says 100: that is for good" in said
        assert "hint: set maxsites = 10; or, to grow, at each of the sites 1, 2: stop" in said
        assert "`bondreplicate init --grow`" in said
    assert "that is for good" in one.cli("doctor", check=1).stdout
    assert (one.value(KNOWN), one.value(NEXT)) == (10, 11)
    configure(one, 10)
    one.start_daemon()


def test_growing_is_said_at_each_site(new_mesh: Callable[..., Mesh]) -> None:
    one, two = two_sites(new_mesh, start=True)
    configure(one, 100)
    assert "bondreplicate runs at this site" in one.cli("init", "--grow", check=5).stderr
    for site in (one, two):
        site.stop_daemon()
        configure(site, 100)
        site.cli("init", "--grow")
        site.start_daemon()
        assert (site.value(KNOWN), site.value(NEXT)) == (100, 200 + site.number)
    one.execute("insert into item default values")
    one.cli("wait", "--timeout", "30")
    configure(one, 10)
    assert "maxsites was 100 and cannot become 10" in one.cli("init", check=5).stderr


def test_a_new_site_counts_as_the_others_do(new_mesh: Callable[..., Mesh]) -> None:
    one, two = two_sites(new_mesh, start=False)
    one.start_daemon()
    configure(two, 100)
    said = two.cli("init", check=5).stderr
    assert "site 1 (site1) has maxsites 10, the configuration here says 100" in said
    assert "hint: set maxsites = 10 here" in said
    assert (two.value(KNOWN), two.value(NEXT)) == (None, 1)
    configure(two, 10)
    two.start_daemon()
