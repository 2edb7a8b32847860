#[test]
#[ignore]
fn timing() {
    use super::run::{square, table, verify};
    use crate::gadgets::lookup::{Entry, grid::mix, lookup};
    let r = |a: i64, b: i64, k: u64| (mix(mix(a as u64) ^ b as u64) % k) as i64;
    let mut cases: Vec<(String, crate::gadgets::lookup::Table)> = vec![];
    for n in [8usize, 64, 1000] {
        let k = n as i64;
        let f: Vec<(&str, Box<dyn Fn(i64, i64) -> i64>)> = vec![
            ("==", Box::new(|a, b| (a == b).into())),
            ("<", Box::new(|a, b| (a < b).into())),
            ("+", Box::new(|a, b| a + b)),
            ("(a+b)%3", Box::new(|a, b| (a + b) % 3)),
            ("min", Box::new(|a, b| a.min(b))),
            ("max", Box::new(|a, b| a.max(b))),
            ("|a-b|", Box::new(|a, b| (a - b).abs())),
            ("a*b", Box::new(|a, b| a * b)),
            ("xor", Box::new(|a, b| a ^ b)),
            ("a&b", Box::new(|a, b| a & b)),
            ("rnd2", Box::new(move |a, b| r(a, b, 2))),
            ("rnd4", Box::new(move |a, b| r(a, b, 4))),
            ("rndn", Box::new(move |a, b| r(a, b, k as u64))),
            ("a//b", Box::new(|a, b| a / (b + 1))),
            ("a%b", Box::new(|a, b| a % (b + 1))),
        ];
        for (name, f) in f {
            cases.push((format!("{name} {n}"), square(n, n, f)));
        }
    }
    cases.push((
        "rnd 100^3/5".into(),
        table(&[100; 3], &[false; 3], 5, |at| Entry::Class(r((at[0] * 100 + at[1]) as i64, at[2] as i64, 5) as u32)),
    ));
    cases.push(("rnd 1e6x1".into(), table(&[1_000_000], &[false], 5, |at| Entry::Class(r(at[0] as i64, 0, 5) as u32))));
    cases.push((
        "rnd 2^18/2".into(),
        table(&[2; 18], &[false; 18], 2, |at| Entry::Class(r(at.iter().fold(0, |x, y| 2 * x + y) as i64, 0, 2) as u32)),
    ));
    cases.push((
        "max3 20".into(),
        table(&[20; 3], &[false; 3], 20, |at| Entry::Class(*at.iter().max().unwrap() as u32)),
    ));
    cases.push((
        "max3 20 null".into(),
        table(&[20; 3], &[true; 3], 20, |at| Entry::Class(*at.iter().max().unwrap() as u32)),
    ));
    cases.push(("sum3 20".into(), table(&[20; 3], &[true; 3], 60, |at| Entry::Class(at.iter().sum::<usize>() as u32))));
    cases.push((
        "reverse 64".into(),
        table(&[64, 65], &[false; 2], 64, |at| {
            if at[0] < at[1] { Entry::Class((at[1] - at[0] - 1) as u32) } else { Entry::Any }
        }),
    ));
    cases.push(("== null 64".into(), table(&[64, 64], &[true; 2], 2, |at| Entry::Class((at[0] == at[1]).into()))));
    cases.push(("< null 64".into(), table(&[64, 64], &[true; 2], 2, |at| Entry::Class((at[0] < at[1]).into()))));
    cases.push((
        "100000x2x5".into(),
        table(&[100000, 2, 5], &[false; 3], 3, |at| {
            Entry::Class(r((at[0] * 100 + at[1]) as i64, at[2] as i64, 3) as u32)
        }),
    ));
    for (name, t) in cases {
        eprintln!("{name}");
        let start = std::time::Instant::now();
        let found = lookup(&t);
        println!(
            "{name:14} {:8} units {:10.3} ms {} {:?}",
            found.units.len(),
            start.elapsed().as_secs_f64() * 1e3,
            found.method,
            found.considered
        );
        if t.entries.len() < 5000 {
            verify(&t, &found);
        }
    }
}
