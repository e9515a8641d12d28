reset
set encoding utf8
set terminal pngcairo noenhanced size 300,300 font 'Sans,10' background rgb 'white'
set output 'chart.png'
set multiplot
unset key
unset colorbox
set border 3 lc rgb '#808080'
set tics nomirror out scale 0.5 font ',9' tc rgb '#333333'
set grid xtics ytics front lt 1 lw 0.5 lc rgb '#b0808080'
set lmargin at screen 0.26667
set rmargin at screen 0.42000
set tmargin at screen 0.74667
set bmargin at screen 0.61333
set label "blo…: 495" at screen 0.26667,0.77667 left font ':Bold,9'
set label "sizes.pmt: sizes of blocks" at screen 0.26667,0.94000 left font ':Bold,13'
set label "pid 41: pyth…ode alloc\073 nothing lost" at screen 0.26667,0.87000 left font ',9' tc rgb '#555555'
set label "each bar: si…e first: all up to 16 B" at screen 0.26667,0.04000 left font ',8' tc rgb '#555555'
unset logscale x
set xrange [8:131072]
set logscale x
set xtics ()
set format x '%g'
set xlabel "size of a block" offset 0,0.3
set ylabel "blocks" font ',9'
set yrange [0:144.9]
set ytics 100
plot 'chart.dat' index 0 using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror fs solid noborder lc rgb '#332288'
unset arrow
unset label
unset object
set lmargin at screen 0.76667
set rmargin at screen 0.92000
set tmargin at screen 0.74667
set bmargin at screen 0.61333
set label "blo…: 154" at screen 0.76667,0.77667 left font ':Bold,9'
unset logscale x
set xrange [8:131072]
set logscale x
set xtics ()
set format x '%g'
set xlabel "size of a block" offset 0,0.3
set ylabel "blocks" font ',9'
set yrange [0:134.4]
set ytics 100
plot 'chart.dat' index 1 using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror fs solid noborder lc rgb '#44aa99'
unset arrow
unset label
unset object
set lmargin at screen 0.26667
set rmargin at screen 0.42000
set tmargin at screen 0.38667
set bmargin at screen 0.25333
set label "byt…6 MiB" at screen 0.26667,0.41667 left font ':Bold,9'
unset logscale x
set xrange [8:131072]
set logscale x
set xtics ()
set format x '%g'
set xlabel "size of a block" offset 0,0.3
set ylabel "MiB" font ',9'
set yrange [0:5.799866]
set ytics 5
plot 'chart.dat' index 2 using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror fs solid noborder lc rgb '#332288'
unset arrow
unset label
unset object
set lmargin at screen 0.76667
set rmargin at screen 0.92000
set tmargin at screen 0.38667
set bmargin at screen 0.25333
set label "byt…9 MiB" at screen 0.76667,0.41667 left font ':Bold,9'
unset logscale x
set xrange [8:131072]
set logscale x
set xtics ()
set format x '%g'
set xlabel "size of a block" offset 0,0.3
set ylabel "KiB" font ',9'
set yrange [0:397.8516]
set ytics 200
plot 'chart.dat' index 3 using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror fs solid noborder lc rgb '#44aa99'
unset arrow
unset label
unset object
unset multiplot
